# Makes tls.crt and tls.key.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key -out tls.crt -days 1 -subj /CN=example.com 2>/dev/null
