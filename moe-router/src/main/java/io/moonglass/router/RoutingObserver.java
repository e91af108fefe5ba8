package io.moonglass.router;

/// Sees where a layer sends its tokens: for checks against recorded outputs and for expert counts.
@FunctionalInterface
public interface RoutingObserver {

    /// Called on the engine's thread; the routing's scores are only valid during the call.
    void routed(Routing routing);
}
