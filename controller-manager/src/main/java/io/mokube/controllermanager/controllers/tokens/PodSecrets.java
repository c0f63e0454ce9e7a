package io.mokube.controllermanager.controllers.tokens;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeProjection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The secrets that a pod names. Pure. */
final class PodSecrets {

    private PodSecrets() {}

    static Set<String> of(Pod pod) {
        Set<String> names = new HashSet<>();
        for (LocalObjectReference pull : orEmpty(pod.getSpec().getImagePullSecrets())) {
            names.add(pull.getName());
        }
        for (Volume volume : orEmpty(pod.getSpec().getVolumes())) {
            addVolume(volume, names);
        }
        orEmpty(pod.getSpec().getInitContainers()).forEach(container -> addContainer(container, names));
        orEmpty(pod.getSpec().getContainers()).forEach(container -> addContainer(container, names));
        return names;
    }

    private static void addVolume(Volume volume, Set<String> names) {
        if (volume.getSecret() != null) {
            names.add(volume.getSecret().getSecretName());
        }
        if (volume.getProjected() != null) {
            for (VolumeProjection source : orEmpty(volume.getProjected().getSources())) {
                if (source.getSecret() != null) {
                    names.add(source.getSecret().getName());
                }
            }
        }
        if (volume.getCsi() != null && volume.getCsi().getNodePublishSecretRef() != null) {
            names.add(volume.getCsi().getNodePublishSecretRef().getName());
        }
    }

    private static void addContainer(Container container, Set<String> names) {
        for (EnvFromSource source : orEmpty(container.getEnvFrom())) {
            if (source.getSecretRef() != null) {
                names.add(source.getSecretRef().getName());
            }
        }
        for (EnvVar variable : orEmpty(container.getEnv())) {
            if (variable.getValueFrom() != null && variable.getValueFrom().getSecretKeyRef() != null) {
                names.add(variable.getValueFrom().getSecretKeyRef().getName());
            }
        }
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
