package io.mokube.dns.answer;

import static io.mokube.dns.zone.TestServices.clusterIp;
import static io.mokube.dns.zone.TestServices.external;
import static io.mokube.dns.zone.TestServices.headless;
import static io.mokube.dns.zone.TestServices.notReady;
import static io.mokube.dns.zone.TestServices.ready;
import static io.mokube.dns.zone.TestServices.slice;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.dns.answer.ZoneAnswers.Answer;
import io.mokube.dns.zone.ClusterZone;
import io.mokube.dns.zone.ZoneSettings;
import io.mokube.machinery.names.ObjectKey;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Every kind of record, and the exact no where there is none. */
class ZoneAnswersTest {

    private static final ClusterZone ZONE = zone();

    private static ClusterZone zone() {
        ClusterZone zone = ClusterZone.empty(ZoneSettings.of("cluster.local"))
                .withNamespace("default", true)
                .withNamespace("empty", true)
                .withNamespace("kube-system", true);
        zone = with(zone, clusterIp("kube-system", "kube-dns", List.of("10.96.0.10"), "dns/UDP/53", "dns-tcp/TCP/53"));
        zone = with(
                zone,
                clusterIp("default", "web", List.of("10.96.0.20", "fd00::20"), "http/TCP/80", "https/TCP/443"),
                slice("default", "web", "web-1", List.of(ready(null, "10.1.1.1")), "http/TCP/8080"));
        zone = with(zone, clusterIp("default", "plain", List.of("10.96.0.21"), "/TCP/80"));
        zone = with(
                zone,
                headless("default", "db", "sql/TCP/5432"),
                slice(
                        "default",
                        "db",
                        "db-1",
                        List.of(ready("db-0", "10.1.1.10"), ready("db-1", "10.1.2.11"), notReady("db-2", "10.1.3.12")),
                        "sql/TCP/5432"),
                slice("default", "db", "db-2", List.of(ready(null, "10.1.2.13")), "sql/TCP/5432"),
                slice("default", "db", "db-3", List.of(ready("db-0", "fd01::10")), "sql/TCP/5432"));
        zone = with(zone, headless("default", "none", "a/TCP/1"));
        Service early = headless("default", "early");
        early.getSpec().setPublishNotReadyAddresses(true);
        zone = with(zone, early, slice("default", "early", "early-1", List.of(notReady("e-0", "10.1.1.30"))));
        zone = with(zone, external("default", "out", "www.example.com"));
        zone = with(zone, external("default", "inside", "web.default.svc.cluster.local"));
        zone = with(zone, external("default", "nowhere", "no.default.svc.cluster.local"));
        zone = with(zone, external("default", "circle", "circle.default.svc.cluster.local"));
        return zone;
    }

    private static ClusterZone with(ClusterZone zone, Service service, EndpointSlice... slices) {
        ObjectKey key = new ObjectKey(
                service.getMetadata().getNamespace(), service.getMetadata().getName());
        return zone.withService(key, service, List.of(slices));
    }

    private static Message query(String name, String type) {
        return Message.newQuery(Record.newRecord(Name.fromConstantString(name), Type.value(type), DClass.IN));
    }

    private static Message reply(String name, String type) {
        assertThat(Replies.refusal(query(name, type))).isNull();
        return switch (ZoneAnswers.answer(query(name, type), ZONE, 0)) {
            case Answer.Complete(Message reply) -> reply;
            case Answer.Continued(Message reply, Name target) -> reply;
            case Answer.Elsewhere() -> throw new AssertionError(name + " is in the zone");
        };
    }

    private static String data(List<Record> records) {
        return records.stream().map(Record::rdataToString).sorted().collect(Collectors.joining(", "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            web.default.svc.cluster.local.             | A    | 10.96.0.20
            WEB.Default.SVC.cluster.LOCAL.             | A    | 10.96.0.20
            web.default.svc.cluster.local.             | AAAA | fd00:0:0:0:0:0:0:20
            _http._tcp.web.default.svc.cluster.local.  | SRV  | 0 100 80 web.default.svc.cluster.local.
            _HTTPS._TCP.web.default.svc.cluster.local. | SRV  | 0 100 443 web.default.svc.cluster.local.
            web.default.svc.cluster.local.             | SRV  | 0 50 443 web.default.svc.cluster.local., 0 50 80 web.default.svc.cluster.local.
            plain.default.svc.cluster.local.           | SRV  | 0 100 80 plain.default.svc.cluster.local.
            10-1-1-1.web.default.svc.cluster.local.    | A    | 10.1.1.1
            20.0.96.10.in-addr.arpa.                   | PTR  | web.default.svc.cluster.local.
            0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. | PTR | web.default.svc.cluster.local.
            db.default.svc.cluster.local.              | A    | 10.1.1.10, 10.1.2.11, 10.1.2.13
            db.default.svc.cluster.local.              | AAAA | fd01:0:0:0:0:0:0:10
            db-0.db.default.svc.cluster.local.         | A    | 10.1.1.10
            db-0.db.default.svc.cluster.local.         | AAAA | fd01:0:0:0:0:0:0:10
            10-1-2-13.db.default.svc.cluster.local.    | A    | 10.1.2.13
            _sql._tcp.db.default.svc.cluster.local.    | SRV  | 0 33 5432 10-1-2-13.db.default.svc.cluster.local., 0 33 5432 db-0.db.default.svc.cluster.local., 0 33 5432 db-1.db.default.svc.cluster.local.
            10.1.1.10.in-addr.arpa.                    | PTR  | db-0.db.default.svc.cluster.local.
            11.2.1.10.in-addr.arpa.                    | PTR  | db-1.db.default.svc.cluster.local.
            early.default.svc.cluster.local.           | A    | 10.1.1.30
            e-0.early.default.svc.cluster.local.       | A    | 10.1.1.30
            out.default.svc.cluster.local.             | CNAME | www.example.com.
            out.default.svc.cluster.local.             | A    | www.example.com.
            inside.default.svc.cluster.local.          | A    | 10.96.0.20, web.default.svc.cluster.local.
            10-9-8-7.default.pod.cluster.local.        | A    | 10.9.8.7
            fd00--7.default.pod.cluster.local.         | AAAA | fd00:0:0:0:0:0:0:7
            dns-version.cluster.local.                 | TXT  | 1.1.0
            cluster.local.                             | NS   | ns.dns.cluster.local.
            ns.dns.cluster.local.                      | A    | 10.96.0.10
            cluster.local.                             | SOA  | ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5
            """)
    void answers(String name, String type, String data) {
        Message reply = reply(name, type);
        assertThat(reply.getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(data(reply.getSection(Section.ANSWER))).isEqualTo(data);
        assertThat(reply.getHeader().getFlag(Flags.AA)).isTrue();
        assertThat(reply.getHeader().getFlag(Flags.QR)).isTrue();
        assertThat(reply.getSection(Section.ANSWER))
                .allSatisfy(each -> assertThat(each.getTTL()).isEqualTo(5));
    }

    @ParameterizedTest
    @CsvSource({
        "web.default.svc.cluster.local., MX",
        "plain.default.svc.cluster.local., AAAA",
        "_tcp.web.default.svc.cluster.local., A",
        "_tcp.web.default.svc.cluster.local., SRV",
        "_http._tcp.web.default.svc.cluster.local., A",
        "db-1.db.default.svc.cluster.local., AAAA",
        "default.svc.cluster.local., A",
        "empty.svc.cluster.local., A",
        "svc.cluster.local., A",
        "pod.cluster.local., A",
        "default.pod.cluster.local., A",
        "10-9-8-7.default.pod.cluster.local., AAAA",
        "dns.cluster.local., A",
        "ns.dns.cluster.local., AAAA",
        "cluster.local., A",
        "20.0.96.10.in-addr.arpa., A",
    })
    void saysThatANameHasNoSuchRecord(String name, String type) {
        Message reply = reply(name, type);
        assertThat(reply.getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(reply.getSection(Section.ANSWER)).isEmpty();
        assertThat(reply.getSection(Section.AUTHORITY)).singleElement().isInstanceOf(SOARecord.class);
    }

    @ParameterizedTest
    @CsvSource({
        "no.default.svc.cluster.local., A",
        "web.missing.svc.cluster.local., A",
        "missing.svc.cluster.local., A",
        "_smtp._tcp.web.default.svc.cluster.local., SRV",
        "_http._udp.web.default.svc.cluster.local., SRV",
        "_udp.web.default.svc.cluster.local., SRV",
        "*.default.svc.cluster.local., A",
        "db-2.db.default.svc.cluster.local., A",
        "none.default.svc.cluster.local., A",
        "a.b.web.default.svc.cluster.local., A",
        "nowhere.default.svc.cluster.local., A",
        "10-9-8-7.missing.pod.cluster.local., A",
        "10-9-8.default.pod.cluster.local., A",
        "10-9-8-700.default.pod.cluster.local., A",
        "x.10-9-8-7.default.pod.cluster.local., A",
        "x.dns-version.cluster.local., TXT",
        "x.dns.cluster.local., A",
        "www.cluster.local., A",
    })
    void saysThatThereIsNoSuchName(String name, String type) {
        Message reply = reply(name, type);
        assertThat(reply.getRcode()).isEqualTo(Rcode.NXDOMAIN);
        assertThat(reply.getSection(Section.AUTHORITY)).singleElement().isInstanceOf(SOARecord.class);
    }

    @ParameterizedTest
    @CsvSource({
        "www.example.com., A",
        "local., A",
        "xcluster.local., A",
        "1.1.1.10.in-addr.arpa., PTR",
        "12.3.1.10.in-addr.arpa., PTR",
    })
    void leavesOtherNamesToOthers(String name, String type) {
        assertThat(ZoneAnswers.answer(query(name, type), ZONE, 0)).isInstanceOf(Answer.Elsewhere.class);
    }

    @Test
    void aNameOutsideIsToBeContinued() {
        assertThat(ZoneAnswers.answer(query("out.default.svc.cluster.local.", "A"), ZONE, 0))
                .isInstanceOfSatisfying(
                        Answer.Continued.class,
                        continued ->
                                assertThat(continued.target()).isEqualTo(Name.fromConstantString("www.example.com.")));
    }

    @Test
    void aCircleOfNamesEnds() {
        assertThat(reply("circle.default.svc.cluster.local.", "A").getRcode()).isEqualTo(Rcode.SERVFAIL);
    }

    @Test
    void serviceRecordsBringTheirAddresses() {
        assertThat(data(reply("_sql._tcp.db.default.svc.cluster.local.", "SRV").getSection(Section.ADDITIONAL)))
                .isEqualTo("10.1.1.10, 10.1.2.11, 10.1.2.13, fd01:0:0:0:0:0:0:10");
    }

    @Test
    void anyGivesEverything() {
        assertThat(data(reply("web.default.svc.cluster.local.", "ANY").getSection(Section.ANSWER)))
                .contains("10.96.0.20", "fd00:0:0:0:0:0:0:20", "443 web");
    }

    @Test
    void addressesTakeTurns() {
        Message query = query("db.default.svc.cluster.local.", "A");
        List<String> firsts = java.util.stream.IntStream.range(0, 3)
                .mapToObj(turn -> ZoneAnswers.answer(query, ZONE, turn))
                .map(answer -> ((Answer.Complete) answer)
                        .reply()
                        .getSection(Section.ANSWER)
                        .getFirst()
                        .rdataToString())
                .toList();
        assertThat(firsts).containsExactlyInAnyOrder("10.1.1.10", "10.1.2.11", "10.1.2.13");
    }

    @Test
    void aServiceThatIsGoneTakesItsNamesAlong() {
        ClusterZone without = ZONE.withService(new ObjectKey("default", "db"), null, List.of());
        assertThat(ZoneAnswers.answer(query("db.default.svc.cluster.local.", "A"), without, 0))
                .isInstanceOfSatisfying(
                        Answer.Complete.class,
                        answer -> assertThat(answer.reply().getRcode()).isEqualTo(Rcode.NXDOMAIN));
        assertThat(ZoneAnswers.answer(query("11.2.1.10.in-addr.arpa.", "PTR"), without, 0))
                .isInstanceOf(Answer.Elsewhere.class);
    }
}
