package io.mokube.controllermanager.controllers;

import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.rest.ApiClient;
import io.mokube.controllermanager.ControllerManagerConfig;
import io.mokube.machinery.component.Platform;
import java.util.function.Function;

/**
 * What controllers are made of, for one term of leadership.
 *
 * @param client sends requests; writes are refused once the term is over
 * @param informers shared by all controllers; started by the component
 * @param recorders gives the event recorder for a component's name; closed with the term
 */
public record ControllerContext(
        ApiClient client,
        InformerFactory informers,
        Function<String, EventRecorder> recorders,
        ControllerManagerConfig config,
        Platform platform) {}
