package io.mokube.client.reconcile;

import java.time.Duration;

/** What came of reconciling one key. A failure that may pass is thrown instead, and retried with growing delays. */
public sealed interface Outcome {

    /** Nothing more to do until something changes. */
    record Done() implements Outcome {}

    /** To be looked at again after a while, even when nothing changes. */
    record Again(Duration after) implements Outcome {}

    /** Trying again would not help until something changes; the reason is logged. */
    record GiveUp(String reason) implements Outcome {}

    /** {@link Done}. */
    Outcome DONE = new Done();

    static Outcome done() {
        return DONE;
    }

    static Outcome again(Duration after) {
        return new Again(after);
    }

    static Outcome giveUp(String reason) {
        return new GiveUp(reason);
    }
}
