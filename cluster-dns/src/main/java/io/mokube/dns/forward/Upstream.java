package io.mokube.dns.forward;

import java.io.IOException;
import org.xbill.DNS.Message;

/** Another name server. */
@FunctionalInterface
public interface Upstream {

    /**
     * Asks it, and waits for its answer to this very question.
     *
     * @throws IOException when none came in time
     */
    Message ask(Message query) throws IOException;
}
