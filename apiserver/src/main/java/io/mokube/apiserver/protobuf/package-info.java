/**
 * Reads request bodies that clients send as protobuf into the same JSON trees that JSON bodies give.
 *
 * <p>No HTTP and no checks of content belong here; answers are never written as protobuf.
 */
@NullMarked
package io.mokube.apiserver.protobuf;

import org.jspecify.annotations.NullMarked;
