package io.mokube.standalone.command;

import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.ComponentException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code mokube} command. Exit codes: 0 done, 1 it could not be done (the message says why and what to do), 2 the
 * command line makes no sense.
 */
@Command(
        name = "mokube",
        description = "A Kubernetes cluster on this machine, in Java.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = Mokube.Version.class,
        subcommands = {
            UpCommand.class,
            DownCommand.class,
            StatusCommand.class,
            KubeconfigCommand.class,
            ImageCommand.class,
            SetupCommand.class,
            CommandLine.HelpCommand.class
        },
        footer = {"", "`mokube test` builds everything and runs all tests."})
public final class Mokube implements Runnable {

    /** Not under the name that Logback looks for: whoever uses the jar as a library has a log of their own. */
    private static final String LOG = "mokube-logback.xml";

    @Spec
    private CommandSpec spec;

    /** Runs the command line and exits with its code. */
    public static void main(String[] arguments) {
        CarrierThreads.provide();
        if (System.getProperty("logback.configurationFile") == null) {
            System.setProperty("logback.configurationFile", LOG);
        }
        System.exit(commandLine().execute(arguments));
    }

    /** The command line, for tests too. */
    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Mokube());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExecutionExceptionHandler((exception, line, parsed) -> {
            if (exception instanceof ComponentException) {
                line.getErr().println("mokube: " + exception.getMessage());
                return 1;
            }
            throw exception;
        });
        commandLine.setParameterExceptionHandler((exception, arguments) -> {
            CommandLine line = exception.getCommandLine();
            line.getErr().println("mokube: " + exception.getMessage());
            if (!CommandLine.UnmatchedArgumentException.printSuggestions(exception, line.getErr())) {
                line.getErr().println("See `" + line.getCommandSpec().qualifiedName() + " --help`.");
            }
            return 2;
        });
        return commandLine;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: up, down, status, kubeconfig, image or test");
    }

    /** The project's version, from the jar. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Mokube.class.getPackage().getImplementationVersion();
            return new String[] {"mokube " + (version == null ? "(not packaged)" : version) + ", Kubernetes API v1.36"};
        }
    }
}
