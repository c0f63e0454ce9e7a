/**
 * The controller of the ranges that services get their addresses from: they become ready, and go only when no service
 * needs them any more.
 *
 * <p>Addresses are given out by the API server.
 */
@NullMarked
package io.mokube.controllermanager.controllers.servicecidr;

import org.jspecify.annotations.NullMarked;
