//! Everything that is JSON: request bodies, views, realtime frames, the error body.
