package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.autoscaling.v2.CrossVersionObjectReference;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;
import java.util.Map;

/** Where metrics come from. Values are in thousandths. */
interface MetricsSource {

    /**
     * What pods use of a resource, by their names; pods without a value are missing.
     *
     * @param container the only one that counts, {@code ""} for whole pods
     * @throws MetricUnavailableException also when there is no value at all
     */
    Map<String, Reading> resource(String namespace, LabelSelector pods, String resource, String container)
            throws MetricUnavailableException;

    /** A metric of pods' own, by their names. */
    Map<String, Reading> pods(String namespace, LabelSelector pods, String metric, LabelSelector series)
            throws MetricUnavailableException;

    /** A metric of one object. */
    long object(String namespace, CrossVersionObjectReference object, String metric, LabelSelector series)
            throws MetricUnavailableException;

    /** A metric from outside the cluster: one value for each series. */
    List<Long> external(String namespace, String metric, LabelSelector series) throws MetricUnavailableException;
}
