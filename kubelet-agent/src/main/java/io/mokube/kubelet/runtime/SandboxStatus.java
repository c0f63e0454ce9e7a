package io.mokube.kubelet.runtime;

import java.util.List;

/**
 * A sandbox and its addresses.
 *
 * @param addresses the first is the primary one; empty with the host's network
 */
public record SandboxStatus(Sandbox sandbox, List<String> addresses) {}
