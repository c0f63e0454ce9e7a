package io.mokube.controllermanager.controllers.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IndexesTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "|10|''|0",
                "0|10|0|1",
                "0,1|10|0,1|2",
                "0-1|10|0,1|2",
                "0,1,2|10|0-2|3",
                "1,3-5,7|10|1,3-5,7|5",
                "1,3-5,7|5|1,3,4|3",
                "8-20|10|8,9|2",
                "3-4,1-2|10|1-4|4",
                "x,2,3-y,5|10|2,5|2",
                "0-2147483646|2147483647|0-2147483646|2147483647",
                "9999999999|10|''|0",
            })
    void readAndWritten(String text, int completions, String written, int size) {
        Indexes indexes = Indexes.parse(text, completions);
        assertThat(indexes).hasToString(written);
        assertThat(indexes.size()).isEqualTo(size);
    }

    @Test
    void behavesAsASet() {
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            SortedSet<Integer> left = random(random);
            SortedSet<Integer> right = random(random);
            Indexes a = Indexes.of(left);
            Indexes b = Indexes.parse(Indexes.of(right).toString(), 40);
            TreeSet<Integer> union = new TreeSet<>(left);
            union.addAll(right);
            assertThat(a.plus(b)).isEqualTo(Indexes.of(union)).hasSameHashCodeAs(Indexes.of(union));
            assertThat(a.plus(b).size()).isEqualTo(union.size());
            TreeSet<Integer> common = new TreeSet<>(left);
            common.retainAll(right);
            assertThat(a.overlap(b)).isEqualTo(common.size());
            TreeSet<Integer> missing = new TreeSet<>();
            for (int index = 0; index < 40; index++) {
                assertThat(a.contains(index)).isEqualTo(left.contains(index));
                if (!left.contains(index)) {
                    missing.add(index);
                }
            }
            assertThat(a.missing(100, 40)).containsExactlyElementsOf(missing);
            assertThat(a.missing(3, 40)).isEqualTo(missing.stream().limit(3).toList());
        }
    }

    @Test
    void hugeSetsCostNothing() {
        Indexes most = Indexes.parse("0-1999999999", 2_000_000_000).plus(Indexes.of(List.of(5)));
        assertThat(most.missing(2, 2_000_000_003)).containsExactly(2_000_000_000, 2_000_000_001);
    }

    private static SortedSet<Integer> random(Random random) {
        SortedSet<Integer> set = new TreeSet<>();
        for (int i = random.nextInt(30); i > 0; i--) {
            set.add(random.nextInt(40));
        }
        return set;
    }
}
