/**
 * The garbage collector: who owns whom, and what that means when an owner goes away.
 *
 * <p>The graph is only a hint, filled by informers that may lag. Nothing is deleted before a live request has shown that
 * its owner is gone.
 */
@NullMarked
package io.mokube.controllermanager.controllers.garbage;

import org.jspecify.annotations.NullMarked;
