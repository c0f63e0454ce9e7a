/**
 * What objects use of a namespace's resource quotas: how much, and which quotas count it. Both who charges a quota and
 * who counts it anew read the same rules here.
 *
 * <p>Pure functions over trees. Nothing here knows what is stored, or writes a quota.
 */
@NullMarked
package io.mokube.machinery.quota;

import org.jspecify.annotations.NullMarked;
