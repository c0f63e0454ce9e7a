/**
 * The controllers of the tokens with which new nodes make themselves known: expired ones are deleted, the others sign
 * what a node is told about the cluster before it trusts it.
 *
 * <p>That such a token lets somebody in is the API server's business.
 */
@NullMarked
package io.mokube.controllermanager.controllers.bootstrap;

import org.jspecify.annotations.NullMarked;
