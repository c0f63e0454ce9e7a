/**
 * Addresses for services of type LoadBalancer where no cloud gives them: the pool, which address a service gets, and the
 * controller that writes it down.
 *
 * <p>Who answers at an address is no matter of this package: the nodes' proxies do.
 */
@NullMarked
package io.mokube.controllermanager.controllers.loadbalancer;

import org.jspecify.annotations.NullMarked;
