/**
 * The controllers of the group {@code batch}: Jobs run pods until enough of them have succeeded, CronJobs begin Jobs on
 * schedule, and finished Jobs are removed when their time is over.
 *
 * <p>Decisions ({@code …Decision} and what they use) are pure. {@code …Sync} carries them out, step by step, against a
 * small interface, so that tests can cut in between any two steps. Only the {@code …Controller}s know informers, queues
 * and requests. Reading schedules is the business of {@code machinery.cron}.
 */
@NullMarked
package io.mokube.controllermanager.controllers.batch;

import org.jspecify.annotations.NullMarked;
