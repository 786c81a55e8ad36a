import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.index.mapper.MapperExtrasPlugin;
import org.opensearch.index.reindex.ReindexPlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.transport.Netty4Plugin;

/**
 * Runs one OpenSearch node for tests: {@code java OpenSearchNode FOLDER PORT}.
 *
 * <p>A distribution loads its modules from a folder; here they are on the class path. The node serves
 * 127.0.0.1 only and closes its indexes when it is told to stop.
 */
public final class OpenSearchNode extends Node {

    private static final List<Class<? extends Plugin>> MODULES =
        List.of(
            Netty4Plugin.class,
            CommonAnalysisPlugin.class,
            MapperExtrasPlugin.class,
            PainlessPlugin.class,
            ReindexPlugin.class);

    private OpenSearchNode(Settings settings) {
        super(
            InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "para"),
            MODULES,
            false);
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createDirectories(Path.of(arguments[0])).toAbsolutePath();
        CountDownLatch end = new CountDownLatch(1);
        try (Node node = new OpenSearchNode(settings(folder, arguments[1]))) {
            Thread main = Thread.currentThread();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(end, main)));
            node.start();
            end.await();
        }
    }

    private static Settings settings(Path folder, String port) {
        return Settings.builder()
            .put("cluster.name", "para-tests")
            .put("path.home", folder)
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.port", port)
            .put("transport.port", "0")
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .put("cluster.max_shards_per_node", 10000)
            .put("action.destructive_requires_name", false)
            .build();
    }

    /** Lets the main thread close the node, and waits until it has. */
    private static void stop(CountDownLatch end, Thread main) {
        end.countDown();
        try {
            main.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
