/**
 * The controllers, one file or folder each. Each brings reality closer to what one kind of object asks for, looking at
 * what is and never at what happened.
 *
 * <p>Controllers know nothing of one another and meet in the objects they write. When they run is the business of the
 * component around them.
 */
@NullMarked
package io.mokube.controllermanager.controllers;

import org.jspecify.annotations.NullMarked;
