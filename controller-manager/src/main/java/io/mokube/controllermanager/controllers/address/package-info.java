/**
 * Blocks of addresses, as controllers divide and compare them.
 *
 * <p>Who has which block does not belong here.
 */
@NullMarked
package io.mokube.controllermanager.controllers.address;

import org.jspecify.annotations.NullMarked;
