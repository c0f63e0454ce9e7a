package io.mokube.dns.server;

import java.util.function.Supplier;
import org.xbill.DNS.Message;

/** Answers queries. Called by many threads at once. */
@FunctionalInterface
public interface QueryHandler {

    /** Begins to answer a well-formed query; never blocks. */
    Reaction react(Message query);

    /** How a query is answered. */
    sealed interface Reaction {

        /** At once. */
        record Reply(Message message) implements Reaction {}

        /** After a while, by a call that blocks and does not fail. */
        record Later(Supplier<Message> reply) implements Reaction {}
    }
}
