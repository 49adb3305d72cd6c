# Varnish 7 before the API: varnishd -a :80 -f varnish.vcl. Set TRUST_PROXY=1 for the API. docs/operations.md#behind-a-cache says what clients may
# rely on. Varnish adds the client's address to X-Forwarded-For by itself.

vcl 4.1;

backend default {
  .host = "127.0.0.1";
  .port = "3000";
  # A claim is answered within 30 seconds.
  .first_byte_timeout = 60s;
}

sub vcl_recv {
  # Server-sent events: each is passed on at once.
  if (req.url ~ "^/api/stream(\?|$)") {
    return (pipe);
  }
  # No answer depends on them, and Varnish would not cache what was requested with them.
  unset req.http.Cookie;
  unset req.http.Authorization;
}

sub vcl_pipe {
  set bereq.http.Connection = "close";
}

sub vcl_backend_response {
  # What has expired is never sent, or a URL that is seldom requested would show old blocks.
  set beresp.grace = 0s;
  # So long it is there for a request with If-None-Match to the API.
  set beresp.keep = 10s;
}

sub vcl_deliver {
  set resp.http.X-Cache = "MISS";
  if (obj.hits > 0) {
    set resp.http.X-Cache = "HIT";
  }
}
