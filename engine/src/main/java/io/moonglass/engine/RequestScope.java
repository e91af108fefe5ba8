package io.moonglass.engine;

/// Whose request it is, and how urgent.
///
/// @param tenant    who shares computing time with others in equal parts
/// @param cacheSalt prompts share what is in the cache only with prompts of the same tenant and salt
/// @param priority  lower numbers go first
public record RequestScope(String tenant, String cacheSalt, int priority) {

    /// A caller without a name, of ordinary urgency.
    public static final RequestScope DEFAULT = new RequestScope("", "", 0);
}
