package io.mokube.kubelet.policy;

import io.mokube.kubelet.runtime.ImageNames;
import java.util.Arrays;
import java.util.List;

/**
 * Which of the images that a node has are given to a pod only when its credentials are right
 * ({@code imagePullCredentialsVerificationPolicy}).
 *
 * @param exempt what {@link Policy#NEVER_VERIFY_ALLOWLISTED_IMAGES} does not look at: names of images without tag and digest,
 *     or with {@code /*} at their end what they begin with
 */
public record PullVerification(Policy policy, List<String> exempt) {

    /** Kubernetes' default. */
    public static final PullVerification DEFAULT =
            new PullVerification(Policy.NEVER_VERIFY_PRELOADED_IMAGES, List.of());

    /** The policies, by Kubernetes' names. */
    public enum Policy {
        /** An image that is there is for everybody. */
        NEVER_VERIFY("NeverVerify"),
        /** An image that the agent has not pulled is for everybody. */
        NEVER_VERIFY_PRELOADED_IMAGES("NeverVerifyPreloadedImages"),
        /** An image that is listed is for everybody. */
        NEVER_VERIFY_ALLOWLISTED_IMAGES("NeverVerifyAllowlistedImages"),
        /** No image is. */
        ALWAYS_VERIFY("AlwaysVerify");

        private final String text;

        Policy(String text) {
            this.text = text;
        }

        /**
         * The policy of that name.
         *
         * @throws IllegalArgumentException when there is none
         */
        static Policy of(String text) {
            return Arrays.stream(values())
                    .filter(policy -> policy.text.equals(text))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("unknown policy \"" + text + "\", known are "
                            + Arrays.stream(values()).map(policy -> policy.text).toList()));
        }
    }

    /**
     * Checks the names.
     *
     * @throws IllegalArgumentException when one is none, or they stand beside another policy
     */
    public PullVerification {
        exempt = List.copyOf(exempt);
        if (!exempt.isEmpty() && policy != Policy.NEVER_VERIFY_ALLOWLISTED_IMAGES) {
            throw new IllegalArgumentException(
                    "can't set without imagePullCredentialsVerificationPolicy" + " \"NeverVerifyAllowlistedImages\"");
        }
        for (String pattern : exempt) {
            String name = pattern.endsWith("/*") ? pattern.substring(0, pattern.length() - 2) : pattern;
            if (name.isBlank() || !name.equals(name.strip()) || name.contains("*")) {
                throw new IllegalArgumentException(
                        "not a valid pattern, only names and those ending with '/*' are allowed: " + pattern);
            }
            if (!pattern.endsWith("/*") && !ImageNames.repository(name).equals(name)) {
                throw new IllegalArgumentException(
                        "the whole name of an image without tag and digest is wanted: " + pattern);
            }
        }
    }

    /**
     * Whether a pod's credentials must be looked at.
     *
     * @param pulledByAgent whether the agent has pulled it, or begun to
     */
    public boolean required(String image, boolean pulledByAgent) {
        return switch (policy) {
            case NEVER_VERIFY -> false;
            case NEVER_VERIFY_PRELOADED_IMAGES -> pulledByAgent;
            case NEVER_VERIFY_ALLOWLISTED_IMAGES -> !exempts(ImageNames.repository(image));
            case ALWAYS_VERIFY -> true;
        };
    }

    private boolean exempts(String repository) {
        return exempt.stream()
                .anyMatch(pattern -> pattern.endsWith("/*")
                        ? repository.startsWith(pattern.substring(0, pattern.length() - 1))
                        : repository.equals(pattern));
    }
}
