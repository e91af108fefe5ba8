package io.moonglass.server.command;

import io.moonglass.server.config.NearestName;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.MutuallyExclusiveArgsException;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// What is wrong with a command line, in one line with a way out.
final class UsageFault {

    private static final Pattern NO_NUMBER =
            Pattern.compile("'.*' is not an? (int|long|double)", Pattern.DOTALL);
    private static final int SHOWN = 100;

    private UsageFault() {}

    static String message(ParameterException fault) {
        CommandSpec command = fault.getCommandLine().getCommandSpec();
        String wrong = wrong(fault, command);
        return "%s %s '%s --help'"
                .formatted(
                        wrong.endsWith("?") ? wrong : wrong + ";",
                        wrong.endsWith("?") ? "See" : "see",
                        command.qualifiedName());
    }

    private static String wrong(ParameterException fault, CommandSpec command) {
        return switch (fault) {
            case UnmatchedArgumentException unmatched ->
                    unmatched(unmatched.getUnmatched().getFirst(), command);
            case MissingParameterException missing -> missing(missing);
            case MutuallyExclusiveArgsException _ ->
                    firstLineOf(fault.getMessage())
                            .replaceFirst(
                                    " are mutually exclusive.*", " exclude each other; want one");
            case OverwrittenOptionException twice ->
                    "%s is given more than once; want it once"
                            .formatted(name(twice.getOverwritten()));
            default -> unusable(fault);
        };
    }

    private static String missing(MissingParameterException fault) {
        List<ArgSpec> missing = fault.getMissing();
        if (missing.size() == 1
                && missing.getFirst() instanceof OptionSpec option
                && fault.getMessage().contains("for option")) {
            return "%s: want %s behind it".formatted(option.longestName(), option.paramLabel());
        }
        return missing.isEmpty()
                ? firstLineOf(fault.getMessage())
                : "want also "
                        + missing.stream()
                                .map(UsageFault::shownWithValue)
                                .collect(Collectors.joining(" and "));
    }

    private static String shownWithValue(ArgSpec argument) {
        return argument instanceof OptionSpec option
                ? option.longestName() + "=" + option.paramLabel()
                : argument.paramLabel();
    }

    /// A value that does not convert.
    private static String unusable(ParameterException fault) {
        ArgSpec argument = fault.getArgSpec();
        if (argument == null || fault.getValue() == null) {
            return firstLineOf(fault.getMessage());
        }
        String subject = "%s \"%s\"".formatted(name(argument), shown(fault.getValue()));
        Matcher noNumber = NO_NUMBER.matcher(fault.getMessage());
        if (noNumber.find()) {
            return subject
                    + "; want a "
                    + (noNumber.group(1).equals("double") ? "" : "whole ")
                    + "number";
        }
        return fault.getMessage().contains("to URI")
                ? subject + "; want an address such as http://127.0.0.1:8080"
                : firstLineOf(fault.getMessage());
    }

    private static String unmatched(String word, CommandSpec command) {
        if (word.startsWith("-")) {
            String option = word.replaceFirst("=.*", "");
            return "there is no option \"%s\"%s"
                    .formatted(shown(option), meant(option, command.optionsMap().keySet()));
        }
        if (!command.subcommands().isEmpty()) {
            return "there is no command \"%s\"%s"
                    .formatted(shown(word), meant(word, command.subcommands().keySet()));
        }
        return command.positionalParameters().isEmpty()
                ? "\"%s\" belongs to no option".formatted(shown(word))
                : "\"%s\" is one word too many; put quotes around what has spaces in it"
                        .formatted(shown(word));
    }

    private static String meant(String word, Collection<String> names) {
        Optional<String> nearest = NearestName.to(word, names);
        return nearest.map(name -> "; did you mean " + name + "?").orElse("");
    }

    private static String name(ArgSpec argument) {
        return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    }

    private static String shown(Object word) {
        String text = String.valueOf(word);
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }

    private static String firstLineOf(String message) {
        return message.lines().findFirst().orElse(message).replaceFirst("^Error: ", "");
    }
}
