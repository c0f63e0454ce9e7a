/**
 * What each verb does: from a request that is allowed to an answer, through admission, validation and the store.
 *
 * <p>No HTTP and no encoding of answers belong here.
 */
@NullMarked
package io.mokube.apiserver.verbs;

import org.jspecify.annotations.NullMarked;
