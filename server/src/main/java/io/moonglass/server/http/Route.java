package io.moonglass.server.http;

/// One thing that can be asked for.
///
/// @param path    may hold `{id}` once: anything, slashes too, since models' names have some
/// @param answers whether it has a model answer
record Route(String method, String path, Access access, boolean answers, Handler handler) {

    /// What a route asks of who takes it. Operators must be answered however much there is to do.
    enum Access {
        OPEN,
        KEYED,
        /// Keyed, and counted among the requests at once.
        LIMITED
    }

    interface Handler {
        /// @param id what stands for `{id}` in the path; empty where there is none
        void handle(Exchange exchange, String id);
    }

    private static final String ID = "{id}";

    /// A route that takes its place among the requests at once.
    static Route limited(String method, String path, Handler handler) {
        return new Route(method, path, Access.LIMITED, false, handler);
    }

    /// A route that has a model answer.
    static Route answering(String path, Handler handler) {
        return new Route("POST", path, Access.LIMITED, true, handler);
    }

    static Route keyed(String method, String path, Handler handler) {
        return new Route(method, path, Access.KEYED, false, handler);
    }

    static Route open(String path, Handler handler) {
        return new Route("GET", path, Access.OPEN, false, handler);
    }

    /// Whether this is the route of a path, whatever the method.
    boolean matches(String asked) {
        int at = path.indexOf(ID);
        if (at < 0) {
            return path.equals(asked);
        }
        return asked.length() >= path.length() - ID.length()
                && asked.startsWith(path.substring(0, at))
                && asked.endsWith(path.substring(at + ID.length()));
    }

    /// What stands for `{id}` in a path that matches.
    String idIn(String asked) {
        int at = path.indexOf(ID);
        return at < 0
                ? ""
                : asked.substring(at, asked.length() - (path.length() - at - ID.length()));
    }
}
