// The one header through which Swift sees the library; wrappers for macros and variadics live here.
#pragma once
#include <curl/curl.h>

static inline CURLcode curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
/// The library copies the text.
static inline CURLcode curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
/// The library keeps the pointer.
static inline CURLcode curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode curl_set_quote(CURL *handle, struct curl_slist *commands) {
    return curl_easy_setopt(handle, CURLOPT_QUOTE, commands);
}

typedef size_t (*curl_transfer_function)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode curl_set_read_function(CURL *handle, curl_transfer_function function) {
    return curl_easy_setopt(handle, CURLOPT_READFUNCTION, function);
}
static inline CURLcode curl_set_write_function(CURL *handle, curl_transfer_function function) {
    return curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, function);
}

typedef int (*curl_progress_function)(
    void *context, curl_off_t download_total, curl_off_t downloaded, curl_off_t upload_total, curl_off_t uploaded);
static inline CURLcode curl_set_progress_function(CURL *handle, curl_progress_function function) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, function);
}

typedef int (*curl_host_key_function)(
    CURL *handle, const struct curl_khkey *known, const struct curl_khkey *found, enum curl_khmatch match,
    void *context);
static inline CURLcode curl_set_host_key_function(CURL *handle, curl_host_key_function function) {
    return curl_easy_setopt(handle, CURLOPT_SSH_KEYFUNCTION, function);
}

static inline CURLcode curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode curl_get_text(CURL *handle, CURLINFO info, char **value) {
    return curl_easy_getinfo(handle, info, value);
}
