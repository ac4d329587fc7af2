{# tojson writes < > & ' as \u escapes, so that nothing here can be markup wherever it is read. #}
const TINA_BENCH = {{ found|tojson }};
