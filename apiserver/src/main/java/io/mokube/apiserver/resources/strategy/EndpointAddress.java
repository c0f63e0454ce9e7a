package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import java.net.InetAddress;
import java.util.List;

/** An address that a service may lead to: not one that only the sender itself could reach. */
final class EndpointAddress {

    private EndpointAddress() {}

    static void check(String ip, String path, List<FieldError> errors) {
        if (!IpAddress.isValid(ip)) {
            errors.add(FieldError.invalid(path, ip, Check.NO_IP_ADDRESS));
            return;
        }
        InetAddress address = InetAddress.ofLiteral(ip);
        if (address.isAnyLocalAddress()) {
            errors.add(FieldError.invalid(path, ip, "may not be unspecified (" + ip + ")"));
        }
        if (address.isLoopbackAddress()) {
            errors.add(FieldError.invalid(path, ip, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
        }
        if (address.isLinkLocalAddress()) {
            errors.add(FieldError.invalid(path, ip, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
        }
        // 224.0.0.0/24 and ff02::/16
        if (address.isMCLinkLocal()) {
            errors.add(FieldError.invalid(
                    path, ip, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"));
        }
    }
}
