/**
 * Charges writes to the resource quotas of their namespace before they are stored, and refuses what is beyond them.
 *
 * <p>What objects use is measured by {@code machinery.quota}. Usage is counted anew from what is stored by a controller,
 * not here: what was charged for a write that failed afterwards is given back by it.
 */
@NullMarked
package io.mokube.apiserver.admission.quota;

import org.jspecify.annotations.NullMarked;
