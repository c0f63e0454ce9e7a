package io.mokube.client.election;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.WriteGuard;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LeaderElectorTest {

    private static final GroupResource LEASES = new GroupResource("coordination.k8s.io", "leases");

    private final SimulatedClock clock = new SimulatedClock();
    private final Leases leases = new Leases();

    @Test
    void oneLeadsAndTheOtherWaitsUntilTheLeaseRanOut() {
        Candidate a = new Candidate("a");
        Candidate b = new Candidate("b");
        a.elector.attempt();
        b.elector.attempt();
        assertThat(a.elector.isLeader()).isTrue();
        assertThat(b.elector.isLeader()).isFalse();
        assertThat(leases.stored().getSpec().getHolderIdentity()).isEqualTo("a");
        assertThat(leases.stored().getSpec().getLeaseTransitions()).isZero();

        clock.advance(Duration.ofMillis(14_999)); // a is silent
        b.elector.attempt();
        assertThat(b.elector.isLeader()).isFalse();
        clock.advance(Duration.ofMillis(1));
        b.elector.attempt();
        assertThat(b.elector.isLeader()).isTrue();
        assertThat(leases.stored().getSpec().getHolderIdentity()).isEqualTo("b");
        assertThat(leases.stored().getSpec().getLeaseTransitions()).isEqualTo(1);
    }

    @Test
    void aLeaderRenewsWithoutReadingUnlessSomebodyElseWroteTheLease() {
        Candidate a = new Candidate("a");
        a.elector.attempt();
        assertThat(leases.reads).isEqualTo(1);
        clock.advance(Duration.ofSeconds(2));
        a.elector.attempt();
        clock.advance(Duration.ofSeconds(2));
        a.elector.attempt();
        assertThat(leases.reads).isEqualTo(1);
        assertThat(leases.stored().getSpec().getRenewTime().toInstant()).isEqualTo(clock.instant());

        leases.write(new LeaseBuilder(leases.stored())
                .editMetadata()
                .addToLabels("team", "blue")
                .endMetadata()
                .build());
        clock.advance(Duration.ofSeconds(2));
        a.elector.attempt();
        assertThat(leases.reads).isEqualTo(2);
        assertThat(a.events).containsExactly("begin");
        assertThat(leases.stored().getMetadata().getLabels()).containsEntry("team", "blue");

        leases.write(new LeaseBuilder(leases.stored())
                .editSpec()
                .withHolderIdentity("b")
                .endSpec()
                .build());
        clock.advance(Duration.ofSeconds(2));
        a.elector.attempt();
        assertThat(a.events).containsExactly("begin", "end");
        assertThat(leases.stored().getSpec().getHolderIdentity()).isEqualTo("b");
    }

    @Test
    void aLeaderThatCannotRenewStopsAfterTenSecondsByItself() {
        Candidate a = new Candidate("a");
        a.elector.attempt();
        WriteGuard guard = a.guard();
        leases.away = true;
        clock.advance(Duration.ofMillis(9_999));
        a.elector.attempt();
        assertThat(a.events).containsExactly("begin");
        guard.check();
        clock.advance(Duration.ofMillis(1)); // the timer alone ends the term; nobody calls attempt
        assertThat(a.events).containsExactly("begin", "end");
        assertThat(refused(guard)).isTrue();
    }

    @Test
    void aPausedLeaderWritesNothingWhenItWakesUp() {
        Candidate a = new Candidate("a");
        Candidate b = new Candidate("b");
        a.elector.attempt();
        WriteGuard guardOfA = a.guard();
        b.elector.attempt();
        a.pause();
        clock.advance(Duration.ofSeconds(16));
        b.elector.attempt();
        assertThat(b.elector.isLeader()).isTrue();
        // a runs on: its flag and its timer know nothing yet, but the first write looks at the clock.
        assertThat(refused(guardOfA)).isTrue();
        assertThat(a.elector.isLeader()).isFalse();
        a.elector.attempt();
        assertThat(a.events).containsExactly("begin", "end");
        b.guard().check();
    }

    @Test
    void whatIsLeftOfATermStaysRefusedInALaterTermOfTheSameCandidate() {
        Candidate a = new Candidate("a");
        a.elector.attempt();
        WriteGuard first = a.guard();
        clock.advance(Duration.ofSeconds(10));
        assertThat(a.events).containsExactly("begin", "end");
        a.elector.attempt();
        assertThat(a.events).containsExactly("begin", "end", "begin");
        a.guard().check();
        assertThat(refused(first)).isTrue();
    }

    @Test
    void losingARaceForAFreeLeaseIsNoLeadership() {
        Candidate a = new Candidate("a");
        Candidate b = new Candidate("b");
        leases.beforeWrite = () -> {
            leases.beforeWrite = null;
            b.elector.attempt();
        };
        a.elector.attempt();
        assertThat(a.elector.isLeader()).isFalse();
        assertThat(b.elector.isLeader()).isTrue();
    }

    @Test
    void anAnswerThatComesTooLateBeginsNoTerm() {
        Candidate a = new Candidate("a");
        leases.beforeWrite = () -> {
            leases.beforeWrite = null;
            clock.advance(Duration.ofSeconds(11));
        };
        a.elector.attempt();
        assertThat(a.events).isEmpty();
        a.elector.attempt();
        assertThat(a.events).containsExactly("begin");
    }

    @Test
    void wallClocksThatDifferOrJumpDoNotMatter() {
        Candidate a = new Candidate("a");
        Candidate b = new Candidate("b");
        a.elector.attempt();
        b.elector.attempt();
        clock.jumpWallClock(Duration.ofHours(3));
        b.elector.attempt();
        assertThat(b.elector.isLeader()).isFalse();
        clock.jumpWallClock(Duration.ofHours(-9));
        a.elector.attempt();
        b.elector.attempt();
        assertThat(a.elector.isLeader()).isTrue();
        assertThat(b.elector.isLeader()).isFalse();
    }

    @Test
    void stoppingEndsTheTermAndGivesTheLeaseBack() {
        Candidate a = new Candidate("a");
        a.elector.attempt();
        a.elector.stop();
        assertThat(a.events).containsExactly("begin", "end");
        assertThat(leases.stored().getSpec().getHolderIdentity()).isEmpty();
        Candidate b = new Candidate("b");
        b.elector.attempt();
        assertThat(b.elector.isLeader()).isTrue();
    }

    /** Random attempts, pauses, outages and stretches of time: never may two candidates write at one moment. */
    @Property(tries = 200)
    void neverTwoWriters(@ForAll long seed) {
        Random random = new Random(seed);
        SimulatedClock time = new SimulatedClock();
        Leases shared = new Leases();
        List<LeaderElector> electors = new ArrayList<>();
        List<@Nullable WriteGuard> guards = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int number = i;
            guards.add(null);
            electors.add(new LeaderElector(
                    ElectionConfig.standard("test", "candidate-" + i),
                    shared,
                    new Platform(time, new Random(seed + i), new SimpleMeterRegistry()),
                    new LeaderElector.Term() {
                        @Override
                        public void begin(WriteGuard guard) {
                            guards.set(number, guard); // kept after the term: a worker that was not told yet
                        }

                        @Override
                        public void end() {}
                    }));
        }
        for (int step = 0; step < 60; step++) {
            shared.away = random.nextInt(10) == 0;
            time.advance(Duration.ofMillis(random.nextInt(6_000)));
            electors.get(random.nextInt(3)).attempt();
            long writers = guards.stream()
                    .filter(guard -> guard != null && !refused(guard))
                    .count();
            assertThat(writers).isLessThanOrEqualTo(1);
        }
    }

    private static boolean refused(WriteGuard guard) {
        try {
            guard.check();
            return false;
        } catch (WriteGuard.WriteRefusedException e) {
            return true;
        }
    }

    private final class Candidate {
        private final List<String> events = new ArrayList<>();
        private final PausableClock own = new PausableClock(clock);
        private final LeaderElector elector;
        private @Nullable WriteGuard guard;

        Candidate(String identity) {
            elector = new LeaderElector(
                    ElectionConfig.standard("test", identity),
                    leases,
                    new Platform(own, new Random(1), new SimpleMeterRegistry()),
                    new LeaderElector.Term() {
                        @Override
                        public void begin(WriteGuard given) {
                            guard = given;
                            events.add("begin");
                        }

                        @Override
                        public void end() {
                            events.add("end");
                        }
                    });
        }

        WriteGuard guard() {
            if (guard == null) {
                throw new AssertionError("it never led");
            }
            return guard;
        }

        void pause() {
            own.paused = true;
        }
    }

    /** A process that does not run: its timers do not fire. */
    private static final class PausableClock implements io.mokube.machinery.time.Clock {
        private final SimulatedClock clock;
        private volatile boolean paused;

        PausableClock(SimulatedClock clock) {
            this.clock = clock;
        }

        @Override
        public java.time.Instant instant() {
            return clock.instant();
        }

        @Override
        public long nanoTime() {
            return clock.nanoTime();
        }

        @Override
        public void sleep(Duration duration) throws InterruptedException {
            clock.sleep(duration);
        }

        @Override
        public Timer schedule(Duration delay, Runnable task) {
            return clock.schedule(delay, () -> {
                if (!paused) {
                    task.run();
                }
            });
        }
    }

    /** One Lease with optimistic concurrency, and a server that can be away. */
    private static final class Leases implements LeaseStore {
        private @Nullable Lease lease;
        private long version;
        private int reads;
        private boolean away;
        private @Nullable Runnable beforeWrite;

        Lease stored() {
            if (lease == null) {
                throw new AssertionError("there is no lease");
            }
            return lease;
        }

        @Override
        public Optional<Lease> get() {
            answer();
            reads++;
            return lease == null ? Optional.empty() : Optional.of(new LeaseBuilder(lease).build());
        }

        @Override
        public Lease create(Lease created) {
            interfere();
            if (lease != null) {
                throw ApiException.alreadyExists(LEASES, "test");
            }
            return write(created);
        }

        @Override
        public Lease update(Lease updated) {
            interfere();
            if (!stored().getMetadata()
                    .getResourceVersion()
                    .equals(updated.getMetadata().getResourceVersion())) {
                throw ApiException.modified(LEASES, "test");
            }
            return write(updated);
        }

        private Lease write(Lease next) {
            answer();
            lease = new LeaseBuilder(next)
                    .editMetadata()
                    .withResourceVersion(Long.toString(++version))
                    .endMetadata()
                    .build();
            assertThat(new ObjectKey("kube-system", "test"))
                    .isEqualTo(new ObjectKey(
                            lease.getMetadata().getNamespace(),
                            lease.getMetadata().getName()));
            return new LeaseBuilder(lease).build();
        }

        private void interfere() {
            Runnable action = beforeWrite;
            if (action != null) {
                action.run();
            }
        }

        private void answer() {
            if (away) {
                throw new ConnectionException("the server is away");
            }
        }
    }
}
