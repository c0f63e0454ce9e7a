package io.mokube.controllermanager.controllers.statefulset;

import io.fabric8.kubernetes.api.model.PodTemplateSpec;

/**
 * A template of a set's pods, past or present.
 *
 * @param name of the ControllerRevision, which its pods carry in a label
 */
record Revision(String name, PodTemplateSpec template) {}
