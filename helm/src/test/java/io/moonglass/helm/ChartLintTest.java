package io.moonglass.helm;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.marcnuri.helm.Helm;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// Helm's own lint of the chart.
class ChartLintTest {

    @Test
    void the_chart_passes_helms_strict_lint() {
        assertFalse(new Helm(Path.of("moonglass")).lint().strict().call().isFailed());
    }
}
