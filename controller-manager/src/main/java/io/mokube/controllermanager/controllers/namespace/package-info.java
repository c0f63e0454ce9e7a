/**
 * The namespace controller: empties a namespace that is being deleted, and lets it go.
 *
 * <p>It knows no kind by name except pods, which go first; everything else comes from discovery.
 */
@NullMarked
package io.mokube.controllermanager.controllers.namespace;

import org.jspecify.annotations.NullMarked;
