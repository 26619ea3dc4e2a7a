# La página en el navegador.

web-title = Suisai: las fotos se vuelven pinturas
web-tagline = Dame una foto y la pinto como una escena de una película dibujada a mano.
web-skip = Ir al caballete
web-drop = Suelta aquí una foto, o pégala
web-choose = Elegir una foto
web-limits = JPEG, PNG, WebP o HEIC, hasta { $mb } MB; { $count } a la vez
web-chosen = Fotos elegidas
web-remove = Quitar esta foto
web-photo = Tu foto
web-style = Estilo
web-strength = Intensidad
web-barely = sutil
web-boldest = intensa
web-caption = Con tus palabras
web-caption-example = más suave, #acuarela, 80 %…
web-paint = Pintar
web-works = Tus pinturas
web-sending = En camino…
web-then = Entonces la recibo automáticamente.
web-done = Aquí tienes tu pintura.
web-painting-of = La pintura de tu foto
web-compare = Comparar la foto y la pintura
web-before = Foto
web-after = Pintura
web-download = Descargar
web-again = Otra vez
web-softer = Más suave
web-stronger = Más intensa
web-other-styles = Otro estilo
web-cancel = Cancelar
web-cancelled = Cancelada.
web-hide = Quitar
web-retry = Intentar otra vez
web-open = Ver esta en grande
web-zoom = Tamaño completo
web-close = Cerrar
web-share = Compartir
web-download-all = Descargar todas
web-no-photo = Este navegador ya no tiene la foto.
web-too-heavy = Esa foto pesa demasiado para mí: puedo con { $mb } MB como mucho.
web-too-many = { $count ->
    [one] De una en una, por favor: me quedo con la primera.
   *[other] { $count } fotos a la vez, por favor: me quedo con las primeras.
}
web-offline = No hay conexión. Sigo intentándolo, no se pierde nada.
web-upload-failed = La foto no llegó. Inténtalo otra vez, por favor.
web-unreachable = Ahora mismo no llego a mi caballete. Inténtalo de nuevo en un momento.
web-lost = Esta ya no la tengo.
web-privacy = Tu foto se borra en cuanto su pintura está lista; este navegador guarda una copia para que puedas comparar. Aquí pinta una máquina, no una persona.
web-language = Idioma
web-forget = Borrar mis datos
web-forget-question = ¿Borro para siempre todas tus fotos y pinturas de aquí?
web-forget-yes = Sí, bórralas
web-forget-no = No, consérvalas
web-forgotten = Hecho. Todo lo tuyo está borrado.
web-noscript = Esta página necesita JavaScript para recibir tu foto.
