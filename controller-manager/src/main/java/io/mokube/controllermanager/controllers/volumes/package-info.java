/**
 * Which persistent volume a claim gets, what becomes of a volume whose claim is gone, and which claims grow: decisions that
 * are pure, and the shells around them. What other controllers need to know about claims and volumes is here too.
 *
 * <p>Real storage is made and removed by provisioners outside; the only kind that is made here is a folder of the host.
 */
@NullMarked
package io.mokube.controllermanager.controllers.volumes;

import org.jspecify.annotations.NullMarked;
