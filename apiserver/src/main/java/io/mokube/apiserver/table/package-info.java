/**
 * What kubectl shows of an object: columns and cells.
 *
 * <p>No HTTP and no negotiation belong here.
 */
@NullMarked
package io.mokube.apiserver.table;

import org.jspecify.annotations.NullMarked;
