/**
 * IP addresses of both families and ranges of them, as values: read, compared, divided and written in their canonical form.
 *
 * <p>Who has which address or range does not belong here, and nothing here asks a name server or the machine.
 */
@NullMarked
package io.mokube.machinery.address;

import org.jspecify.annotations.NullMarked;
