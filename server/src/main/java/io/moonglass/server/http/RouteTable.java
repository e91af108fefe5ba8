package io.moonglass.server.http;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// All routes, and which one a request takes.
final class RouteTable {

    private final List<Route> routes;

    RouteTable(List<Route> routes) {
        // `/v1/responses/{id}/cancel` goes before `/v1/responses/{id}`
        List<Route> longestFirst = new ArrayList<>(routes);
        longestFirst.sort(
                Comparator.comparing((Route route) -> route.path().contains("{id}"))
                        .thenComparing(route -> -route.path().length()));
        this.routes = List.copyOf(longestFirst);
    }

    List<Route> routes() {
        return routes;
    }

    /// Empty if there is nothing at the path. Where there is something, but not by this method, a route of another.
    Optional<Route> find(String method, String path) {
        List<Route> there = at(path);
        return there.stream()
                .filter(route -> route.method().equals(method))
                .findFirst()
                .or(() -> there.stream().findFirst());
    }

    /// What was found for a request, if that takes it by its method.
    ///
    /// @throws HttpFault 404 if nothing was, 405 if it wants another method
    Route taking(Optional<Route> found, String method, String path) {
        Route route = found.orElseThrow(HttpFault::unknownUrl);
        if (!route.method().equals(method)) {
            throw HttpFault.methodNotAllowed(methods(path));
        }
        return route;
    }

    /// The methods that a path takes, for the header `Allow`.
    String methods(String path) {
        return at(path).stream().map(Route::method).collect(Collectors.joining(", "));
    }

    /// The routes of the most exact pattern that a path matches.
    private List<Route> at(String path) {
        Optional<String> pattern =
                routes.stream().filter(route -> route.matches(path)).map(Route::path).findFirst();
        return routes.stream()
                .filter(route -> pattern.stream().anyMatch(route.path()::equals))
                .toList();
    }
}
