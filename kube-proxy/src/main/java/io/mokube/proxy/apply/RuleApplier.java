package io.mokube.proxy.apply;

import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.compile.RuleSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes packets follow rules. Used by one thread at a time. */
public interface RuleApplier {

    /**
     * Makes packets follow these rules, all of them at once: no packet sees some of the old rules and some of the new.
     * Connections that are established go on.
     *
     * @param before the rules that were applied last; null when that is not known, and then whatever is there is found
     *     out and changed into the new ones
     * @throws ApplyException when that can't be; the old rules hold then
     */
    void apply(@Nullable RuleSet before, RuleSet after);

    /** Whether the rules are still there: somebody may have removed them. */
    boolean isInPlace();

    /** Ends connections that go to endpoints which are no longer a service's, where the protocol does not end them. */
    void endStaleConnections(RuleSet rules);

    /** The addresses of the machine that node ports may have: all but those of its loopback. */
    List<IpAddress> addresses();

    /** Removes all rules. */
    void remove();

    /** What went wrong, for a log. */
    final class ApplyException extends RuntimeException {
        public ApplyException(String message) {
            super(message);
        }

        public ApplyException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
