/**
 * The history of a workload's templates, kept in ControllerRevisions as kubectl reads and applies them: which revision is
 * the current template's, how revisions are numbered, and which of the past are kept.
 *
 * <p>What a workload does with its pods does not belong here.
 */
@NullMarked
package io.mokube.controllermanager.controllers.history;

import org.jspecify.annotations.NullMarked;
