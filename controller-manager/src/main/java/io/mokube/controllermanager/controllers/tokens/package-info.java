/**
 * The secrets that hold tokens of service accounts: filled, kept right, removed with their account or when nobody uses them.
 *
 * <p>Whether a token is good is the API server's business, and so are tokens that are asked for and never kept.
 */
@NullMarked
package io.mokube.controllermanager.controllers.tokens;

import org.jspecify.annotations.NullMarked;
