package io.moonglass.vision;

/// How an encoder shares the cores with others, and how it is stopped. It asks between pieces of work of
/// a few milliseconds.
public interface Pace {

    /// Nobody else computes, and nobody stops it.
    Pace ALONE =
            new Pace() {
                @Override
                public boolean isDue() {
                    return false;
                }

                @Override
                public void pause() {}
            };

    /// Whether the encoder should come to [#pause()] as soon as the pieces at hand are done. Cheap; any of
    /// the encoder's threads.
    boolean isDue();

    /// Lets others go first. Called by the encoding thread, while none of its helpers computes.
    ///
    /// @throws java.util.concurrent.CancellationException if nobody wants the picture any more
    void pause();
}
