/**
 * Who owns which field of an object: sets of fields, the entries of {@code metadata.managedFields}, and what server-side
 * apply makes of an object, its owners and an applied configuration. Follows Kubernetes' structured merge.
 *
 * <p>Pure functions over trees and schemas: nothing here knows requests, storage or the clock.
 */
@NullMarked
package io.mokube.apiserver.ownership;

import org.jspecify.annotations.NullMarked;
