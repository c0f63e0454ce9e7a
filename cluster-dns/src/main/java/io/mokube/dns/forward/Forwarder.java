package io.mokube.dns.forward;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.mokube.dns.answer.Replies;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * Asks other name servers on behalf of clients. Answers are kept for as long as they say, but not longer than {@link
 * Limits#longest}; whoever asks what is being asked already waits for the same answer. Servers are asked in their order,
 * beginning with the one that answered last; when none does, the answer is SERVFAIL, which is kept for a short while so
 * that clients' repetitions do not pile up.
 *
 * <p>A query that comes back to its own sender, because a server passes it on to us, would wait for itself: it finds its
 * question being asked and ends with it. So a loop of servers costs one wait and no storm.
 */
public final class Forwarder {

    private static final Logger log = LoggerFactory.getLogger(Forwarder.class);

    private final List<? extends Upstream> upstreams;
    private final Limits limits;
    private final Clock clock;
    private final RandomGenerator random;
    private final MeterRegistry meters;
    private final Cache<Question, Kept> cache;
    private final ConcurrentMap<Question, FutureTask<Kept>> asking = new ConcurrentHashMap<>();
    private final Counter hits;
    private final Counter denialHits;
    private final Counter misses;

    /** Which of the servers answered last. */
    private volatile int preferred;

    /**
     * How much is kept and how long is waited.
     *
     * @param entries how many answers are kept
     * @param longest how long an answer is kept at most
     * @param failure how long it is kept that no server answered
     * @param rounds how often each server is asked before that is found
     */
    public record Limits(int entries, Duration longest, Duration failure, int rounds) {
        public static final Limits STANDARD = new Limits(10_000, Duration.ofSeconds(30), Duration.ofSeconds(2), 2);
    }

    /** What was asked, without its number; names that differ in case only are the same. */
    private record Question(Name name, int type, boolean signatures, boolean unchecked) {

        static Question of(Message query) {
            Record question = query.getQuestion();
            return of(query, question.getName());
        }

        static Question of(Message query, Name name) {
            OPTRecord extension = query.getOPT();
            return new Question(
                    name,
                    query.getQuestion().getType(),
                    extension != null && (extension.getFlags() & ExtendedFlags.DO) != 0,
                    query.getHeader().getFlag(Flags.CD));
        }
    }

    /** An answer, since when it is known, and for how long it holds. */
    private record Kept(Message message, long sinceNanos, Duration time) {}

    public Forwarder(List<? extends Upstream> upstreams, Limits limits, Platform platform) {
        this.upstreams = List.copyOf(upstreams);
        this.limits = limits;
        this.clock = platform.clock();
        this.random = platform.random();
        this.meters = platform.meters();
        this.cache = Caffeine.newBuilder()
                .maximumSize(limits.entries())
                .ticker(clock::nanoTime)
                .executor(Runnable::run)
                .expireAfter(Expiry.creating((Question question, Kept kept) -> kept.time()))
                .build();
        this.hits = hits("success");
        this.denialHits = hits("denial");
        this.misses = Counter.builder("coredns.cache.misses")
                .description("The count of cache misses.")
                .register(meters);
        meters.gauge("coredns.cache.entries", cache, Cache::estimatedSize);
    }

    private Counter hits(String type) {
        return Counter.builder("coredns.cache.hits")
                .description("The count of cache hits.")
                .tag("type", type)
                .register(meters);
    }

    /** The answer to a query, if it is still known. */
    public Optional<Message> known(Message query) {
        Kept kept = cache.getIfPresent(Question.of(query));
        if (kept == null) {
            misses.increment();
            return Optional.empty();
        }
        (kept.message().getRcode() == Rcode.NOERROR ? hits : denialHits).increment();
        return Optional.of(reply(query, kept));
    }

    /** The answer to a query; blocks until a server has answered or none has. Never fails. */
    public Message resolve(Message query) {
        return reply(query, find(Question.of(query)));
    }

    /** Completes a reply that ends with an alias to a name outside of the cluster; blocks as {@link #resolve} does. */
    public Message complete(Message query, Message reply, Name target) {
        Question question = Question.of(query, target);
        Kept known = cache.getIfPresent(question);
        Kept kept = known == null ? find(question) : known;
        Message found = reply(query, kept);
        reply.getHeader().unsetFlag(Flags.AA);
        reply.getHeader().setRcode(found.getHeader().getRcode());
        found.getSection(Section.ANSWER).forEach(each -> reply.addRecord(each, Section.ANSWER));
        found.getSection(Section.AUTHORITY).forEach(each -> reply.addRecord(each, Section.AUTHORITY));
        return reply;
    }

    private Kept find(Question question) {
        FutureTask<Kept> mine = new FutureTask<>(() -> ask(question));
        FutureTask<Kept> others = asking.putIfAbsent(question, mine);
        if (others == null) {
            try {
                mine.run();
                Kept kept = mine.get();
                if (kept.time().isPositive()) {
                    cache.put(question, kept);
                }
                return kept;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return failure(question);
            } catch (ExecutionException e) {
                log.atError().setMessage("asking failed").setCause(e).log();
                return failure(question);
            } finally {
                asking.remove(question, mine);
            }
        }
        try {
            return others.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return failure(question);
        } catch (ExecutionException e) {
            return failure(question);
        }
    }

    private Kept ask(Question question) {
        Message query = query(question);
        int first = preferred;
        for (int round = 0; round < limits.rounds(); round++) {
            Message unwilling = null;
            for (int i = 0; i < upstreams.size(); i++) {
                int index = (first + i) % upstreams.size();
                Message answer = ask(upstreams.get(index), query);
                if (answer == null) {
                    continue;
                }
                int code = answer.getRcode();
                if (code == Rcode.NOERROR || code == Rcode.NXDOMAIN) {
                    preferred = index;
                    return new Kept(answer, clock.nanoTime(), lifetime(answer));
                }
                unwilling = answer;
            }
            if (unwilling != null) {
                return new Kept(unwilling, clock.nanoTime(), limits.failure());
            }
        }
        return failure(question);
    }

    private @Nullable Message ask(Upstream upstream, Message query) {
        long begin = clock.nanoTime();
        String outcome = "none";
        try {
            Message answer = upstream.ask(query);
            outcome = Rcode.string(answer.getRcode());
            return answer;
        } catch (IOException e) {
            log.atDebug()
                    .setMessage("a name server did not answer")
                    .addKeyValue("server", upstream)
                    .addKeyValue("name", query.getQuestion().getName())
                    .addKeyValue("reason", e.toString())
                    .log();
            return null;
        } finally {
            Timer.builder("coredns.proxy.request.duration")
                    .description("Time each request to another name server took.")
                    .tag("proxy_name", "forward")
                    .tag("to", upstream.toString())
                    .tag("rcode", outcome)
                    .register(meters)
                    .record(Duration.ofNanos(clock.nanoTime() - begin));
        }
    }

    private Message query(Question question) {
        Message query = Message.newQuery(Record.newRecord(question.name(), question.type(), org.xbill.DNS.DClass.IN));
        query.getHeader().setID(random.nextInt(1 << 16));
        if (question.unchecked()) {
            query.getHeader().setFlag(Flags.CD);
        }
        query.addRecord(
                new OPTRecord(Replies.MOST_UDP_BYTES, 0, 0, question.signatures() ? ExtendedFlags.DO : 0),
                Section.ADDITIONAL);
        return query;
    }

    private Kept failure(Question question) {
        Message failure = new Message();
        failure.addRecord(
                Record.newRecord(question.name(), question.type(), org.xbill.DNS.DClass.IN), Section.QUESTION);
        failure.getHeader().setRcode(Rcode.SERVFAIL);
        return new Kept(failure, clock.nanoTime(), limits.failure());
    }

    /** As long as the shortest-lived record; a no as long as its SOA record says; without any, not at all. */
    private Duration lifetime(Message answer) {
        boolean positive = answer.getRcode() == Rcode.NOERROR
                && !answer.getSection(Section.ANSWER).isEmpty();
        long seconds = positive ? Long.MAX_VALUE : 0;
        if (positive) {
            for (Record record : answer.getSection(Section.ANSWER)) {
                seconds = Math.min(seconds, record.getTTL());
            }
        } else {
            for (Record record : answer.getSection(Section.AUTHORITY)) {
                if (record instanceof SOARecord authority) {
                    seconds = Math.min(authority.getTTL(), authority.getMinimum());
                }
            }
        }
        return Duration.ofSeconds(Math.min(seconds, limits.longest().toSeconds()));
    }

    /** The kept answer as the answer to this query: its number, its spelling, and what is left of the records' time. */
    private Message reply(Message query, Kept kept) {
        Message reply = Replies.to(query, kept.message().getRcode());
        if (kept.message().getHeader().getFlag(Flags.AD)) {
            reply.getHeader().setFlag(Flags.AD);
        }
        long age = (clock.nanoTime() - kept.sinceNanos()) / 1_000_000_000;
        for (int section = Section.ANSWER; section <= Section.ADDITIONAL; section++) {
            for (Record record : kept.message().getSection(section)) {
                if (record.getType() != Type.OPT) {
                    reply.addRecord(aged(record, age), section);
                }
            }
        }
        return reply;
    }

    private static Record aged(Record record, long seconds) {
        return seconds == 0
                ? record
                : Record.newRecord(
                        record.getName(),
                        record.getType(),
                        record.getDClass(),
                        Math.max(0, record.getTTL() - seconds),
                        record.rdataToWireCanonical());
    }
}
