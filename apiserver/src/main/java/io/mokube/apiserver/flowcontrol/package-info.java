/**
 * Priority and fairness: which flow a request belongs to, how many requests of each priority level are answered at once, and
 * who of those that wait is next.
 *
 * <p>Who may do what is {@code authz}'s business; what a request is answered is not known here.
 */
@NullMarked
package io.mokube.apiserver.flowcontrol;

import org.jspecify.annotations.NullMarked;
