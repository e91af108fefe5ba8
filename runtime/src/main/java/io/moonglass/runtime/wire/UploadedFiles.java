package io.moonglass.runtime.wire;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.MediaSource;

/// The files of one request's caller, as the request refers to them.
public interface UploadedFiles {

    /// Where none are kept.
    UploadedFiles NONE =
            new UploadedFiles() {
                @Override
                public byte[] read(String idOrHash, String param) {
                    throw none(param);
                }

                @Override
                public MediaSource stored(String idOrHash, String param) {
                    throw none(param);
                }

                private InvalidRequestException none(String param) {
                    return new InvalidRequestException(
                            InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                            param,
                            param + ": no files are kept here; send the file itself");
                }
            };

    /// Whether a word can only be the id or the hash of a file.
    static boolean isReference(String word) {
        return word.startsWith("file-") || word.startsWith("sha256:");
    }

    /// All bytes of a file.
    ///
    /// @param idOrHash `file-…` or `sha256:…`
    /// @param param    where the request has it
    /// @throws RuntimeException that the caller is told of, if there is no such file or it is too large
    byte[] read(String idOrHash, String param);

    /// A file that is read where it lies, so it may be large.
    ///
    /// @param idOrHash `file-…` or `sha256:…`
    /// @param param    where the request has it
    /// @throws RuntimeException that the caller is told of, if there is no such file
    MediaSource stored(String idOrHash, String param);
}
