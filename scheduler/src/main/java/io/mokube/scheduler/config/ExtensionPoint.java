package io.mokube.scheduler.config;

import io.mokube.scheduler.framework.BindPlugin;
import io.mokube.scheduler.framework.EnqueuePlugin;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.PermitPlugin;
import io.mokube.scheduler.framework.Plugin;
import io.mokube.scheduler.framework.PostBindPlugin;
import io.mokube.scheduler.framework.PostFilterPlugin;
import io.mokube.scheduler.framework.PreBindPlugin;
import io.mokube.scheduler.framework.QueueSortPlugin;
import io.mokube.scheduler.framework.ReservePlugin;
import io.mokube.scheduler.framework.ScorePlugin;

/** The points where a file can switch plugins on and off, by the names it has for them. */
enum ExtensionPoint {
    PRE_ENQUEUE("preEnqueue", "PreEnqueuePlugin", EnqueuePlugin.class),
    QUEUE_SORT("queueSort", "QueueSortPlugin", QueueSortPlugin.class),
    /** One with {@link #FILTER} here: a plugin takes part in both or in neither. */
    PRE_FILTER("preFilter", "PreFilterPlugin", FilterPlugin.class),
    FILTER("filter", "FilterPlugin", FilterPlugin.class),
    POST_FILTER("postFilter", "PostFilterPlugin", PostFilterPlugin.class),
    /** One with {@link #SCORE} here. */
    PRE_SCORE("preScore", "PreScorePlugin", ScorePlugin.class),
    SCORE("score", "ScorePlugin", ScorePlugin.class),
    RESERVE("reserve", "ReservePlugin", ReservePlugin.class),
    PERMIT("permit", "PermitPlugin", PermitPlugin.class),
    PRE_BIND("preBind", "PreBindPlugin", PreBindPlugin.class),
    BIND("bind", "BindPlugin", BindPlugin.class),
    POST_BIND("postBind", "PostBindPlugin", PostBindPlugin.class);

    private final String field;
    private final String goName;
    private final Class<? extends Plugin> type;

    ExtensionPoint(String field, String goName, Class<? extends Plugin> type) {
        this.field = field;
        this.goName = goName;
        this.type = type;
    }

    String field() {
        return field;
    }

    /** The name in kube-scheduler's messages. */
    String goName() {
        return goName;
    }

    boolean isOf(Plugin plugin) {
        return type.isInstance(plugin);
    }
}
