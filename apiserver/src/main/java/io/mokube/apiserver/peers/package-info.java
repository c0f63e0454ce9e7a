/**
 * What the API servers of one cluster know of each other: the lease that says who each of them is, the keys that say at
 * which addresses they live, and the endpoints of the service {@code kubernetes} made from those.
 *
 * <p>Nothing here is asked for while a request is answered.
 */
@NullMarked
package io.mokube.apiserver.peers;

import org.jspecify.annotations.NullMarked;
