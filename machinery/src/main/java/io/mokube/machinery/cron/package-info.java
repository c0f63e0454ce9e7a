/**
 * Schedules in cron's form, as CronJobs carry them: reading them and finding the times they name.
 *
 * <p>The API server checks schedules with it, the CronJob controller follows them; waiting for a time is neither's
 * business here.
 */
@NullMarked
package io.mokube.machinery.cron;

import org.jspecify.annotations.NullMarked;
