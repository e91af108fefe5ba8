package io.moonglass.runtime.fetch;

import javax.net.ssl.SSLSocketFactory;

/// What all fetches share.
record FetchTools(
        FetchOptions options,
        AddressPolicy policy,
        NameLookup names,
        FetchPlaces places,
        FetchBudget memory,
        FetchBudget disk,
        SSLSocketFactory tls) {}
