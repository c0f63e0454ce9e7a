package io.mokube.controllermanager.controllers.garbage;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.client.rest.DeleteOptions.Propagation;
import io.mokube.controllermanager.controllers.garbage.Item.Owner;
import io.mokube.controllermanager.controllers.garbage.Judgement.Delete;
import io.mokube.controllermanager.controllers.garbage.Judgement.Fate;
import io.mokube.controllermanager.controllers.garbage.Judgement.Keep;
import io.mokube.controllermanager.controllers.garbage.Judgement.KeepFor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JudgementTest {

    private static final Item QUIET = Items.item("dependent").build();
    private static final Item WAITING = Items.item("dependent").waiting().build();

    static List<Arguments> cases() {
        return List.of(
                row("an owner lives", List.of(Fate.SOLID), List.of(), false, false, new Keep()),
                row("all owners live", List.of(Fate.SOLID, Fate.SOLID), List.of(), false, false, new Keep()),
                row(
                        "one lives, one is gone",
                        List.of(Fate.SOLID, Fate.GONE),
                        List.of(),
                        false,
                        false,
                        new KeepFor(List.of(owner(0)))),
                row(
                        "one waits, one lives",
                        List.of(Fate.WAITS, Fate.SOLID),
                        List.of(QUIET),
                        false,
                        false,
                        new KeepFor(List.of(owner(1)))),
                row("gone", List.of(Fate.GONE), List.of(), false, false, new Delete(Propagation.BACKGROUND, false)),
                row(
                        "gone, with dependents of its own",
                        List.of(Fate.GONE),
                        List.of(QUIET),
                        false,
                        false,
                        new Delete(Propagation.BACKGROUND, false)),
                row(
                        "gone, its dependents are to live on",
                        List.of(Fate.GONE),
                        List.of(QUIET),
                        true,
                        false,
                        new Delete(Propagation.ORPHAN, false)),
                row(
                        "gone, its dependents are to go first",
                        List.of(Fate.GONE),
                        List.of(QUIET),
                        false,
                        true,
                        new Delete(Propagation.FOREGROUND, false)),
                row(
                        "the owner waits, nothing depends on it",
                        List.of(Fate.WAITS),
                        List.of(),
                        false,
                        false,
                        new Delete(Propagation.BACKGROUND, false)),
                row(
                        "the owner waits, and so will it",
                        List.of(Fate.WAITS),
                        List.of(QUIET),
                        false,
                        false,
                        new Delete(Propagation.FOREGROUND, false)),
                row(
                        "a circle",
                        List.of(Fate.WAITS, Fate.GONE),
                        List.of(QUIET, WAITING),
                        false,
                        false,
                        new Delete(Propagation.FOREGROUND, true)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void judges(List<Fate> fates, List<Item> dependents, boolean orphan, boolean foreground, Judgement expected) {
        Map<Owner, Fate> byOwner = new LinkedHashMap<>();
        for (int i = 0; i < fates.size(); i++) {
            byOwner.put(owner(i), fates.get(i));
        }
        assertThat(Judgement.of(byOwner, dependents, orphan, foreground)).isEqualTo(expected);
    }

    private static Owner owner(int number) {
        return new Owner("v1", "ConfigMap", "owner-" + number, "uid-" + number, true);
    }

    private static Arguments row(
            String name,
            List<Fate> fates,
            List<Item> dependents,
            boolean orphan,
            boolean foreground,
            Judgement expected) {
        return Arguments.of(Named.of(name, fates), dependents, orphan, foreground, expected);
    }
}
