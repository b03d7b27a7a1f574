//! The IDE for people who open the API in a browser.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use trunkline_ide::{Asset, CONTENT_SECURITY_POLICY};

/// The page at `/graphql`.
pub(super) fn page() -> Response {
    serve(trunkline_ide::index())
}

/// A file that the page uses.
pub(super) async fn file(Path(path): Path<String>) -> Response {
    trunkline_ide::asset(&path).map_or_else(|| StatusCode::NOT_FOUND.into_response(), serve)
}

fn serve(asset: Asset) -> Response {
    let headers = [
        (header::CONTENT_TYPE, asset.mime),
        (header::CACHE_CONTROL, asset.cache_control),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, asset.bytes).into_response()
}
